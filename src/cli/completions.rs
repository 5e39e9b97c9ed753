//! `completions`: prints a script with which a shell completes the command line.

use clap::{Args, Command};
use clap_complete::Shell;

// The options of `completions`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell; a file that it reads takes the script: for bash
    /// ~/.local/share/bash-completion/completions/sectigo-emulator, for fish
    /// ~/.config/fish/completions/sectigo-emulator.fish, for zsh _sectigo-emulator in a directory of its fpath.
    pub(super) shell: Shell,
}

impl CompletionsArgs {
    /// The script for a program.
    pub(super) fn script(&self, mut program: Command) -> String {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "sectigo-emulator", &mut script);
        let script = String::from_utf8_lossy(&script);
        // clap_complete writes the hyphen of the program's name in two ways in the script for bash, so the script does
        // not find the completions of the commands: https://github.com/clap-rs/clap/issues/6421
        script.replace("sectigo__subcmd__emulator", "sectigo__emulator")
    }
}
