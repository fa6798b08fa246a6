//! The loop over Slurm, with a `sbatch` that stands in for the real one: it runs the job in a process of its
//! own and waits, as `sbatch --wait` does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const SBATCH: &str = "#!/bin/sh\n\
    for word; do case $word in --output=*) out=${word#--output=}; shift;; --*) shift;; *) break;; esac; done\n\
    echo \"Submitted batch job $$\"\n\
    \"$@\" >\"$out\" 2>&1 &\n\
    wait $!\n";

#[test]
fn trials_as_slurm_jobs_run_on_several_workers_and_a_failed_job_is_a_failed_trial() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("sbatch", SBATCH);
    write(
        "space.toml",
        "[study]\nmetric = \"loss\"\n[params.x]\ntype = \"float\"\nlow = 0\nhigh = 1\n",
    );
    write(
        "job.sh",
        "#!/bin/sh\necho $$ >> workers\n[ $TUNESCOPE_TRIAL = 3 ] && exit 9\necho loss=$TUNESCOPE_PARAM_X\n",
    );
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_tunescope"))
        .current_dir(dir.path())
        .env("PATH", path)
        .env("TMPDIR", dir.path())
        .args([
            "run",
            "--space",
            "space.toml",
            "--budget",
            "trials=6",
            "--jobs",
            "3",
            "--",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cluster/slurm.sh"))
        .arg("./job.sh")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read_to_string(dir.path().join("results.jsonl")).unwrap();
    assert_eq!(text.matches("\"state\":\"complete\"").count(), 5, "{text}");
    assert!(text.contains("\"error\":\"exit status 9"), "{text}");
    let workers = fs::read_to_string(dir.path().join("workers")).unwrap();
    assert_eq!(workers.lines().count(), 6);
}
