package cli

import (
	"strings"
	"testing"
	"time"

	"resvirt/experiments/campaign"
)

func TestTerminalIsRepaintedAndLeftClean(t *testing.T) {
	var screen strings.Builder
	now := time.Unix(0, 0)
	p := &printer{w: &screen, size: func() (int, int) { return 40, 24 }, now: func() time.Time { return now }}
	s := campaign.Progress{Done: 30, Total: 60, Session: 30, Elapsed: 3 * time.Second,
		Settings: []campaign.SettingProgress{{Name: "none", Detected: 10}, {Name: "full", Detected: 10, Recovered: 7}}}
	p.progress(s)
	if want := "[██████████··········] 30/60  10/s  ETA\n  recovered of detected, none 0/10 0.0 \n  recovered of detected, full 7/10 70.0"; screen.String() != want {
		t.Errorf("painted\n%q, want\n%q", screen.String(), want)
	}
	screen.Reset()
	p.progress(s) // too early: nothing is painted
	if screen.Len() != 0 {
		t.Errorf("painted %q too early", screen.String())
	}
	now = now.Add(time.Second)
	p.progress(s)
	if !strings.HasPrefix(screen.String(), "\x1b[2A\r\x1b[J[") {
		t.Errorf("%q does not paint over three lines", screen.String())
	}
	screen.Reset()
	p.end()
	if screen.String() != "\x1b[2A\r\x1b[J" {
		t.Errorf("%q leaves the terminal unclean", screen.String())
	}
}

// The painted lines fit the terminal, because lines that scroll out cannot be
// painted over.
func TestLinesFitTheTerminal(t *testing.T) {
	var s campaign.Progress
	for range 17 {
		s.Settings = append(s.Settings, campaign.SettingProgress{Name: "setting"})
	}
	for _, c := range []struct {
		height, lines int
		last          string
	}{
		{24, 18, "  recovered of detected, setting 0/0 -"},
		{19, 18, "  recovered of detected, setting 0/0 -"},
		{18, 17, "  and 2 settings more"},
		{5, 4, "  and 15 settings more"},
		{1, 2, "  and 17 settings more"},
	} {
		lines := progressBlock(s, 80, c.height)
		if len(lines) != c.lines || lines[len(lines)-1] != c.last {
			t.Errorf("%d lines high: %d, the last %q", c.height, len(lines), lines[len(lines)-1])
		}
	}
}

// The intervals are those of the report: exact ones.
func TestIntervals(t *testing.T) {
	for _, c := range []struct {
		recovered, detected int
		want                string
	}{
		{0, 0, "full 0/0 -"},
		{0, 10, "full 0/10 0.0 % [0.0, 30.8]"},
		{7, 10, "full 7/10 70.0 % [34.8, 93.3]"},
		{700, 1000, "full 700/1000 70.0 % [67.1, 72.8]"},
	} {
		if got := settingText(campaign.SettingProgress{Name: "full", Detected: c.detected, Recovered: c.recovered}); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// Without a terminal, a campaign shows where it begins, and other work is shown if it
// takes long. Work with an unknown total has no bar.
func TestOtherWorkIsShown(t *testing.T) {
	var out strings.Builder
	now, columns := time.Unix(1000, 0), 0
	p := &printer{w: &out, size: func() (int, int) { return columns, 24 }, now: func() time.Time { return now }, since: now}
	shown := func(after time.Duration, s campaign.Progress, want string) {
		t.Helper()
		now = now.Add(after)
		out.Reset()
		if p.progress(s); out.String() != want {
			t.Errorf("%+v: %q, want %q", s, out.String(), want)
		}
	}
	causes := campaign.Progress{Done: 3, Total: 4, Session: 1, Elapsed: 2 * time.Second, Unit: "causes"}
	p.say("a stage")
	shown(9*time.Second, causes, "")
	shown(2*time.Second, causes, "3/4 causes  0.5/s  ETA 2s\n")
	shown(time.Second, causes, "")
	shown(0, campaign.Progress{Total: 5}, "0/5\n")
	p.say("another")
	shown(9*time.Second, causes, "")
	columns = 80
	shown(0, causes, "[███████████████·····] 3/4 causes  0.5/s  ETA 2s")
	shown(time.Second, campaign.Progress{Done: 7, Session: 7, Elapsed: time.Second, Unit: campaign.Millions}, "\r\x1b[J7 million instructions  7/s")
}
