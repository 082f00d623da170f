package cli

import (
	"embed"
	"io/fs"
	"slices"

	"resvirt/internal/words"
)

// completionScripts has a file for each shell; all of them ask completeWord.
//
//go:embed completion
var completionScripts embed.FS

func shells() []string {
	entries, err := fs.ReadDir(completionScripts, "completion")
	if err != nil {
		panic("BUG: embedded completion scripts: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

const completionNotes = `for this session: source <(resvirt completion bash); the same with zsh; resvirt completion fish | source
for all:
  bash  resvirt completion bash > ~/.local/share/bash-completion/completions/resvirt
  zsh   resvirt completion zsh > _resvirt, in a directory of $fpath
  fish  resvirt completion fish > ~/.config/fish/completions/resvirt.fish
`

func runCompletion(e *env, operands []string, _ any) error {
	if !slices.Contains(shells(), operands[0]) {
		return usage("completion: %s: there are %s", operands[0], words.And(shells()))
	}
	script, err := completionScripts.ReadFile("completion/" + operands[0])
	if err != nil {
		return err
	}
	_, err = e.stdout.Write(script)
	return err
}
