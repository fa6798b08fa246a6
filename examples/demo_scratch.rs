use std::ops::ControlFlow;
use std::time::Instant;
use tunescope::demo::optimizer::Scheduler;
use tunescope::demo::training::*;
use tunescope::demo::{corpus::*, rng::Rng};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args[1].as_str() {
        "text" => {
            for r in [Register::Prose, Register::Log] {
                println!("{}\n", decode(&r.tokens(1500, &mut Rng::new(1, 0)).unwrap()));
            }
        }
        "pretrain" => {
            let t = Instant::now();
            let b = pretrain(args[2].parse().unwrap(), 1, &mut |c, l| {
                eprintln!("{c} {l:.4} {:.1}s", t.elapsed().as_secs_f64())
            })
            .unwrap();
            std::fs::write("assets/demo-weights.bin", &b).unwrap();
            println!(
                "{} bytes {}",
                b.len(),
                String::from_utf8_lossy(&b[..b.iter().position(|&x| x == 10).unwrap()])
            );
        }
        "one" => {
            let task = task().unwrap();
            println!("untuned {}", task.untuned_loss());
            for bs in [8, 64] {
                for lr in [1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0] {
                    let s = Settings {
                        learning_rate: lr,
                        batch_size: bs,
                        warmup_ratio: 0.1,
                        weight_decay: 1e-3,
                        dropout: 0.0,
                        scheduler: Scheduler::Cosine,
                        frozen_layers: 0,
                    };
                    let t = Instant::now();
                    let mut curve = vec![];
                    let e = task.fine_tune(&s, 1, &mut |p| {
                        if let Some(l) = p.loss {
                            curve.push(format!("{l:.3}"));
                        }
                        ControlFlow::Continue(())
                    });
                    println!(
                        "{bs} {lr:e} {e:?} {:.2}s {}",
                        t.elapsed().as_secs_f64(),
                        curve.join(" ")
                    );
                }
            }
        }
        "random" => {
            let task = task().unwrap();
            let n: usize = args[2].parse().unwrap();
            let mut rng = Rng::new(99, 0);
            println!("lr,bs,warm,wd,drop,sched,frozen,seed,value,secs");
            let lu = |r: &mut Rng, a: f64, b: f64| (a.ln() + r.uniform() * (b / a).ln()).exp();
            for i in 0..n {
                let s = Settings {
                    learning_rate: lu(&mut rng, 1e-5, 1e-1),
                    batch_size: 8 * (1 + rng.below(8)),
                    warmup_ratio: rng.uniform() * 0.3,
                    weight_decay: lu(&mut rng, 1e-4, 1.0),
                    dropout: rng.uniform() * 0.4,
                    scheduler: Scheduler::ALL[rng.below(3)],
                    frozen_layers: rng.below(4),
                };
                let t = Instant::now();
                let e = task.fine_tune(&s, i as u64, &mut |_| ControlFlow::Continue(()));
                let v = match e {
                    Ending::Complete(v) => v.to_string(),
                    _ => "nan".into(),
                };
                println!(
                    "{},{},{},{},{},{},{},{},{},{:.2}",
                    s.learning_rate,
                    s.batch_size,
                    s.warmup_ratio,
                    s.weight_decay,
                    s.dropout,
                    s.scheduler.name(),
                    s.frozen_layers,
                    i,
                    v,
                    t.elapsed().as_secs_f64()
                );
            }
        }
        _ => {}
    }
}
