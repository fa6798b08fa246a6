//! `tunescope doctor`: what is wrong with a source, and how to mend it.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::args::{Doctor, Format};
use super::error::CliError;
use super::load;
use super::out::Out;
use super::text::harmless;
use crate::io::doctor::repair::{Repaired, repair};
use crate::io::doctor::{Report, Severity, examine};

/// Status 0: nothing to mend; 1: something is.
pub fn run(args: &Doctor) -> Result<ExitCode, CliError> {
    let reader = load::read(&args.source, &args.reading)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64());
    let report = examine(&reader, now);
    let repaired = args
        .repair
        .as_deref()
        .map(|out| repair(&reader, out))
        .transpose()?;
    let mut out = Out::new();
    match args.output.format {
        Format::Json => {
            let mut answer = report.to_json();
            let kind = reader.kind().map_or("", |k| k.name);
            answer["source"] = json!({"kind": kind, "path": load::shown_path(&args.source)});
            answer["repaired"] = repaired.map_or(json!(null), |r| {
                json!({"path": args.repair.as_deref().map(load::shown_path), "kept": r.kept, "mended": r.mended})
            });
            out.json(&answer)?;
        }
        Format::Text => text(&report, repaired, args, &mut out)?,
    }
    out.finish()?;
    Ok(if report.is_healthy() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn text(report: &Report, repaired: Option<Repaired>, args: &Doctor, out: &mut Out) -> Result<(), CliError> {
    let shown = load::shown_path(&args.source);
    let source = harmless(&shown).to_string();
    if report.findings.is_empty() {
        out.line(format!("{source}: nothing to complain of."))?;
    } else if report.is_healthy() {
        out.line(format!("{source}: nothing to mend."))?;
    } else {
        let count = report
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Problem)
            .count();
        out.line(format!("{source}: {count} to mend."))?;
    }
    for finding in &report.findings {
        let mark = match finding.severity {
            Severity::Problem => "!",
            Severity::Note => "·",
        };
        out.line(format!("{mark} {}", harmless(&finding.message)))?;
        if finding.lines.len() > 1 {
            let lines: Vec<String> = finding.lines.iter().take(12).map(ToString::to_string).collect();
            let more = if finding.lines.len() > 12 { ", …" } else { "" };
            out.line(format!("    lines {}{more}", lines.join(", ")))?;
        }
        if let Some(command) = &finding.command {
            out.line(format!("    $ {}", harmless(command)))?;
        }
    }
    if let (Some(r), Some(path)) = (repaired, &args.repair) {
        let path = harmless(&path.to_string_lossy()).to_string();
        out.line(if r.is_export {
            format!(
                "{path}: {} trials written as JSON lines; the source itself was only read.",
                r.kept
            )
        } else {
            format!(
                "{path}: {} records written, {} lines mended or left out; the source itself was only read.",
                r.kept, r.mended
            )
        })?;
    }
    Ok(())
}
