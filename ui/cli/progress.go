package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"resvirt/experiments/campaign"
	"resvirt/experiments/stats"
	"resvirt/internal/words"
)

// plainEvery is the time between two progress lines if there is no terminal.
const plainEvery = 10 * time.Second

// printer shows progress: on a terminal in a few lines that are painted over
// and over, elsewhere in plain lines.
type printer struct {
	mu      sync.Mutex
	w       io.Writer
	size    func() (columns, lines int) // 0 = no terminal
	painted int                         // lines on the terminal
	last    time.Time                   // when progress was printed
	since   time.Time                   // when a stage of the work began
	now     func() time.Time
}

func newPrinter(w io.Writer) *printer {
	return &printer{w: w, size: func() (int, int) { return terminalSize(w) }, since: time.Now(), now: time.Now}
}

// say prints a stage of the work.
func (p *printer) say(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	columns, _ := p.size()
	fmt.Fprintln(p.w, words.HangLines(what, columns))
	p.since = p.now()
}

// progress shows the progress of a campaign or of other work.
func (p *printer) progress(s campaign.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	width, height := p.size()
	if p.early(s, width) {
		return
	}
	p.last = p.now()
	if width == 0 {
		fmt.Fprintln(p.w, progressLine(s))
		return
	}
	p.paint(progressBlock(s, width, height))
}

// early tells whether it is too early to show progress again. The beginning and the end
// of a campaign are always shown; without a terminal, progress of other work is shown
// only if it takes long.
func (p *printer) early(s campaign.Progress, width int) bool {
	now := p.now()
	switch {
	case width > 0:
		return now.Sub(p.last) < 100*time.Millisecond && s.Done < s.Total
	case s.Unit == "":
		return now.Sub(p.last) < plainEvery && s.Done < s.Total && s.Session > 0
	}
	return now.Sub(p.last) < plainEvery || now.Sub(p.since) < plainEvery
}

// paint replaces what was painted before; the cursor stays behind the last line.
func (p *printer) paint(lines []string) {
	p.clear()
	fmt.Fprint(p.w, strings.Join(lines, "\n"))
	p.painted = len(lines)
}

// end leaves the terminal clean for what follows.
func (p *printer) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *printer) clear() {
	if p.painted > 1 {
		fmt.Fprintf(p.w, "\x1b[%dA", p.painted-1)
	}
	if p.painted > 0 {
		fmt.Fprint(p.w, "\r\x1b[J")
		p.painted = 0
	}
}

// progressBlock is the bar and a line for each setting, limited to the terminal's
// size: lines that scroll out cannot be painted over.
func progressBlock(s campaign.Progress, width, height int) []string {
	lines := []string{countText(s)}
	if s.Total > 0 {
		lines[0] = progressBar(s) + " " + lines[0]
	}
	for _, c := range s.Settings {
		lines = append(lines, "  recovered of detected, "+settingText(c))
	}
	if room := max(height-1, 2); len(lines) > room {
		lines = append(lines[:room-1], fmt.Sprintf("  and %d settings more", len(lines)-room+1))
	}
	for i, l := range lines {
		lines[i] = words.Clip(l, max(width-1, 0))
	}
	return lines
}

// progressBar is twenty cells wide.
func progressBar(s campaign.Progress) string {
	const cells = 20
	full := 0
	if s.Total > 0 {
		full = cells * s.Done / s.Total
	}
	return "[" + strings.Repeat("█", full) + strings.Repeat("·", cells-full) + "]"
}

// progressLine is "1200/3000  41/s  ETA 44s  full 96/120 80.0 % [71.9, 86.2]".
func progressLine(s campaign.Progress) string {
	line := countText(s)
	for _, c := range s.Settings {
		line += "  " + settingText(c)
	}
	return line
}

func countText(s campaign.Progress) string {
	text := fmt.Sprint(s.Done)
	if s.Total > 0 {
		text += fmt.Sprintf("/%d", s.Total)
	}
	if s.Unit != "" {
		text += " " + s.Unit
	}
	if s.Session > 0 {
		text += fmt.Sprintf("  %s/s", rateText(s.Rate()))
	}
	if s.Session > 0 && s.Total > 0 {
		text += fmt.Sprintf("  ETA %v", s.ETA().Round(time.Second))
	}
	return text
}

// rateText has one more digit for small rates.
func rateText(r float64) string {
	if r < 3 {
		return fmt.Sprintf("%.1f", r)
	}
	return fmt.Sprintf("%.0f", r)
}

func settingText(c campaign.SettingProgress) string {
	return c.Name + " " + stats.Rate(c.Recovered, c.Detected)
}
