package cli

import (
	"strings"
	"testing"
	"time"

	"resvirt/experiments"
)

func TestTerminalIsRepaintedAndLeftClean(t *testing.T) {
	var screen strings.Builder
	now := time.Unix(0, 0)
	p := &printer{w: &screen, width: func() int { return 40 }, now: func() time.Time { return now }}
	s := experiments.Progress{Done: 30, Total: 60, Session: 30, Elapsed: 3 * time.Second,
		Settings: []experiments.SettingProgress{{Name: "none", Detected: 10}, {Name: "full", Detected: 10, Recovered: 7}}}
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

func TestIntervalNarrows(t *testing.T) {
	few, many := settingText(experiments.SettingProgress{Name: "full", Detected: 10, Recovered: 7}), settingText(experiments.SettingProgress{Name: "full", Detected: 1000, Recovered: 700})
	if few != "full 7/10 70.0 % [39.7, 89.2]" || many != "full 700/1000 70.0 % [67.1, 72.8]" {
		t.Errorf("%s, %s", few, many)
	}
}
