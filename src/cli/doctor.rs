//! `tunescope doctor`: what is wrong with a source, and how to mend it.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::args::{Doctor, Format};
use super::error::CliError;
use super::load;
use super::out::Out;
use super::text::harmless;
use crate::io::doctor::repair::{Form, Repaired, repair, salvage, sqlite_file};
use crate::io::doctor::{Report, Severity, examine, of_damaged};

/// Status 0: nothing to mend; 1: something is.
pub fn run(args: &Doctor) -> Result<ExitCode, CliError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64());
    let (report, kind, repaired) = match load::read(&args.source, &args.reading) {
        Ok(reader) => {
            let repaired = args
                .repair
                .as_deref()
                .map(|out| repair(&reader, out))
                .transpose()?;
            (
                examine(&reader, now),
                reader.kind().map_or("", |k| k.name),
                repaired,
            )
        }
        Err(error) => {
            // A database that is too damaged to be read is what one comes to a doctor with.
            let damaged = sqlite_file(&args.source).and_then(|file| Some((of_damaged(&args.source)?, file)));
            let Some((report, file)) = damaged else {
                return Err(error);
            };
            let repaired = args
                .repair
                .as_deref()
                .map(|out| salvage(&file, out))
                .transpose()?;
            (report, "sqlite", repaired)
        }
    };
    let mut out = Out::new();
    match args.output.format {
        Format::Json => {
            let mut answer = report.to_json();
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
        let said = match r.form {
            Form::Export => format!("{} trials written as JSON lines", r.kept),
            Form::Database => format!("{} rows written, {} places could not be read", r.kept, r.mended),
            Form::Lines => format!(
                "{} records written, {} lines mended or left out",
                r.kept, r.mended
            ),
        };
        out.line(format!("{path}: {said}; the source itself was only read."))?;
    }
    Ok(())
}
