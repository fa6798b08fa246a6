//! The `tunescope` command. All of it is in the library; see [`tunescope::cli`].

/// The C library of GNU keeps what a fit has freed: a study of 1,000 trials stays at 58 MiB with it, at 31 MiB with
/// this one (`benches/README.md`).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    tunescope::cli::main()
}
