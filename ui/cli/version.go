package cli

import (
	"fmt"
	"io"
	"runtime/debug"

	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/models"
)

func runVersion(e *env, _ []string, _ any) error {
	info, _ := debug.ReadBuildInfo()
	return printVersion(e.stdout, info)
}

// printVersion prints the program's version, and the numbers that must be equal if two
// programs are to have the same results.
func printVersion(w io.Writer, info *debug.BuildInfo) error {
	version, revision, toolchain := "unknown", "not recorded in this build", "unknown"
	if info != nil {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		toolchain = info.GoVersion
		set := map[string]string{}
		for _, s := range info.Settings {
			set[s.Key] = s.Value
		}
		if r := set["vcs.revision"]; r != "" {
			revision = r
			if t := set["vcs.time"]; t != "" {
				revision += " of " + t
			}
			if set["vcs.modified"] == "true" {
				revision += ", with changes"
			}
		}
		if os, arch := set["GOOS"], set["GOARCH"]; os != "" {
			toolchain += " " + os + "/" + arch
		}
	}
	_, err := fmt.Fprintf(w, `resvirt %s
revision   %s
built with %s
semantics  %d  what the machine does; results of another number are another machine's
rules      %d  how faults are drawn and runs judged; the same holds
database   format %s is written, %s is read as well
`, version, revision, toolchain, models.Semantics, faults.Rules, store.Format, store.OlderFormat)
	return err
}
