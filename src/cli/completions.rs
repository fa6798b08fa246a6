//! `tunescope completions` and `tunescope man`, made from the definition of the command line.

use clap::CommandFactory as _;

use super::args::Cli;
use super::error::{CliError, stdout_error};
use super::out::Out;

pub fn completions(shell: clap_complete::Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tunescope", &mut script);
    let mut out = Out::new();
    out.bytes(&script)?;
    out.finish()
}

/// One page: the explorer, then each command with its options.
pub fn man() -> Result<(), CliError> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let all = clap_mangen::Man::new(command.clone()).date("");
    all.render(&mut page).map_err(stdout_error)?;
    for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        let man = clap_mangen::Man::new(sub.clone());
        let title = format!("tunescope {}", sub.get_name());
        let mut section = format!(".SH \"{}\"\n", title.to_uppercase()).into_bytes();
        if let Some(about) = sub.get_about() {
            section.extend_from_slice(format!("{about}\n.PP\n").as_bytes());
        }
        let mut options = Vec::new();
        man.render_options_section(&mut options).map_err(stdout_error)?;
        // Its heading would be a section of its own: make it a subsection.
        let text = String::from_utf8_lossy(&options).replace(".SH ", ".SS ");
        section.extend_from_slice(text.as_bytes());
        page.append(&mut section);
    }
    let mut out = Out::new();
    out.bytes(&page)?;
    out.bytes(FILES.as_bytes())?;
    out.finish()
}

const FILES: &str = r#".SH "SETTINGS FILE"
$XDG_CONFIG_HOME/tunescope/config.toml, or what \-\-config names. The command line wins over the file.
Unknown keys are refused. All keys, with their defaults:
.PP
.nf
theme       = "auto"      # auto, dark, light
color       = "auto"      # auto, none, 16, 256, true
mouse       = false
bell        = false       # at each new best
acquisition = "logei"     # logei, ei, pi, ucb
xi          = 0.0         # exploration margin of EI and PI
beta        = 1.8         # weight of the standard deviation in UCB
kernel      = "matern52"
output_warp = true
failures    = "model"     # or "ignore": whether failed trials teach where not to look
pruned      = "model"     # or "ignore": whether pruned and running trials teach by their reports
seed        = 0
on_accept   = ""          # a command to start for each accepted configuration
.fi
.SH ENVIRONMENT
NO_COLOR, CLICOLOR_FORCE, COLORTERM and TERM decide on colours where \-\-color does not. XDG_CONFIG_HOME is
where the settings file is looked for. SSH_CONNECTION or TMUX keep tunescope from asking the terminal for
its background; TUNESCOPE_ANSWER_MS is how many milliseconds it waits for the answer (200).
.SH "EXIT STATUS"
0: done. 1: the work could not be done; one sentence on standard error says what, where, and what to do.
2: the call is off.
"#;
