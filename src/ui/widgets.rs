//! Parts that panes are made of. Each draws into a rectangle and nothing outside of it.

pub mod axis;
pub mod band_chart;
pub mod bars;
pub mod braille;
pub mod color_bar;
pub mod hatch;
pub mod heatmap;
pub mod panel;
pub mod thin;
