//! `tunescope init`: the space of a source as `space.toml`, for a person to edit.

use super::args::Init;
use super::error::CliError;
use super::load;
use super::out::Out;
use crate::io::space_file::space_toml;

pub fn run(args: &Init) -> Result<(), CliError> {
    let study = load::study(&args.source, &args.reading)?;
    let mut out = Out::new();
    out.table(&space_toml(&study))?;
    out.finish()
}
