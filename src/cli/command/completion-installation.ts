/** How to have completion in every new shell: a line for each, to run once. */
export const completionInstallation = `For completion in every new shell, run the line of yours once:
  bash   echo 'eval "$(localrun completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(localrun completion zsh)"' >> ~/.zshrc
  fish   mkdir -p ~/.config/fish/completions; localrun completion fish > ~/.config/fish/completions/localrun.fish`;
