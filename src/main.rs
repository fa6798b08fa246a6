//! The `tunescope` command. All of it is in the library; see [`tunescope::cli`].

fn main() -> std::process::ExitCode {
    tunescope::cli::main()
}
