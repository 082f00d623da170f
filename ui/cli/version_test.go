package cli

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionSaysWhatTheBuildRecorded(t *testing.T) {
	recorded := &debug.BuildInfo{GoVersion: "go1.99", Main: debug.Module{Version: "v0.1.0"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
		{Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "amd64"},
	}}
	for _, c := range []struct {
		info *debug.BuildInfo
		want []string
	}{
		{recorded, []string{"resvirt v0.1.0\n", "0123abc of 2026-01-02T03:04:05Z, with changes\n", "go1.99 linux/amd64\n"}},
		{&debug.BuildInfo{GoVersion: "go1.99", Main: debug.Module{Version: "(devel)"}}, []string{"resvirt (devel)\n", "not recorded in this build\n", "go1.99\n"}},
		{nil, []string{"resvirt unknown\n"}},
	} {
		var b strings.Builder
		if err := printVersion(&b, c.info); err != nil {
			t.Fatal(err)
		}
		for _, want := range append(c.want, "\nsemantics", "\nrules", "\ndatabase") {
			if !strings.Contains(b.String(), want) {
				t.Errorf("lacks %q:\n%s", want, &b)
			}
		}
	}
	long, short := call([]string{"--version"}), call([]string{"version"})
	if long != short || !strings.HasPrefix(long, "resvirt ") {
		t.Errorf("--version prints %q, version %q", long, short)
	}
}
