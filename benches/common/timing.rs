//! How long something takes, as the tables of `benches/README.md` show it.

use std::fmt;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion};

/// Wall time and, on Linux, processor time of this thread, in milliseconds: on a busy machine the first says how busy it
/// was, the second what the work is.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    wall: f64,
    processor: Option<f64>,
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.processor {
            Some(processor) => write!(f, "{} ({})", short(self.wall), short(processor)),
            None => write!(f, "{}", short(self.wall)),
        }
    }
}

/// Three significant digits.
fn short(ms: f64) -> String {
    let digits = match ms {
        ms if ms >= 100.0 => 0,
        ms if ms >= 10.0 => 1,
        ms if ms >= 1.0 => 2,
        _ => 3,
    };
    format!("{ms:.digits$}")
}

/// Milliseconds that this thread has run.
fn processor_ms() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e6)
}

/// Medians of at least seven runs, for at least half a second. What is quicker than 4 ms runs several times between two
/// looks at the clocks, whose steps are that wide.
pub fn time<T>(mut f: impl FnMut() -> T) -> Timing {
    std::hint::black_box(f());
    let begin = Instant::now();
    std::hint::black_box(f());
    let once = begin.elapsed().as_secs_f64();
    let repeats = (0.05 / once.max(1e-7)).ceil().clamp(1.0, 1e5);
    let (mut wall, mut processor) = (Vec::new(), Vec::new());
    while wall.len() < 7 || begin.elapsed().as_secs_f64() < 0.5 {
        let (start, before) = (Instant::now(), processor_ms());
        for _ in 0..repeats as u64 {
            std::hint::black_box(f());
        }
        wall.push(start.elapsed().as_secs_f64() * 1e3 / repeats);
        if let (Some(before), Some(after)) = (before, processor_ms()) {
            processor.push((after - before) / repeats);
        }
    }
    Timing {
        wall: median(&mut wall).unwrap_or(f64::NAN),
        processor: median(&mut processor),
    }
}

fn median(list: &mut [f64]) -> Option<f64> {
    list.sort_by(f64::total_cmp);
    list.get(list.len() / 2).copied()
}

/// What is timed, by name.
pub type Work = (&'static str, Box<dyn FnMut()>);

/// Times the work at each size: the table of `benches/README.md`, a row a name and a column a size, or, where it was asked
/// for by `--criterion`, criterion's statistics under the name of the group.
pub fn run(group: &str, sizes: &[usize], work: impl Fn(usize) -> Vec<Work>) {
    if std::env::args().any(|a| a == "--criterion") {
        return criterion(group, sizes, work);
    }
    let mut rows: Vec<(&str, Vec<Timing>)> = Vec::new();
    for n in sizes {
        for (place, (name, f)) in work(*n).into_iter().enumerate() {
            if rows.len() <= place {
                rows.push((name, Vec::new()));
            }
            rows[place].1.push(time(f));
        }
    }
    let head: Vec<String> = sizes.iter().map(|n| format!("n = {n}")).collect();
    println!("| ms (of processor time) | {} |", head.join(" | "));
    println!("|---|{}", "---|".repeat(head.len()));
    for (name, cells) in rows {
        let cells: Vec<String> = cells.iter().map(Timing::to_string).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn criterion(group: &str, sizes: &[usize], work: impl Fn(usize) -> Vec<Work>) {
    let mut criterion = Criterion::default();
    let mut group = criterion.benchmark_group(group);
    group.sample_size(10);
    for n in sizes {
        for (name, mut f) in work(*n) {
            group.bench_function(BenchmarkId::new(name, n), |b| b.iter(&mut f));
        }
    }
    group.finish();
}
