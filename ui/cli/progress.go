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

// plainEvery is how often progress is printed where there is no terminal.
const plainEvery = 10 * time.Second

// printer shows what goes on: a few lines painted over and over on a terminal,
// plain lines elsewhere.
type printer struct {
	mu      sync.Mutex
	w       io.Writer
	size    func() (columns, lines int) // 0 = no terminal
	painted int                         // lines on the terminal
	last    time.Time
	now     func() time.Time
}

func newPrinter(w io.Writer) *printer {
	return &printer{w: w, size: func() (int, int) { return terminalSize(w) }, now: time.Now}
}

// say prints a stage of the work.
func (p *printer) say(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	columns, _ := p.size()
	fmt.Fprintln(p.w, words.HangLines(what, columns))
}

// progress shows where a campaign is.
func (p *printer) progress(s campaign.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	width, height := p.size()
	every := plainEvery
	if width > 0 {
		every = 100 * time.Millisecond
	}
	if now.Sub(p.last) < every && s.Done < s.Total {
		return
	}
	p.last = now
	if width == 0 {
		fmt.Fprintln(p.w, progressLine(s))
		return
	}
	p.paint(progressBlock(s, width, height))
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

// progressBlock is the bar and a line for each setting, all within the terminal: what
// scrolled out could not be painted over.
func progressBlock(s campaign.Progress, width, height int) []string {
	lines := []string{progressBar(s) + " " + countText(s)}
	for _, c := range s.Settings {
		lines = append(lines, "  recovered of detected, "+settingText(c))
	}
	if room := max(height-1, 2); len(lines) > room {
		lines = append(lines[:room-1], fmt.Sprintf("  and %d settings more", len(lines)-room+1))
	}
	for i, l := range lines {
		if r := []rune(l); len(r) > width-1 {
			lines[i] = string(r[:max(width-1, 0)])
		}
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
	text := fmt.Sprintf("%d/%d", s.Done, s.Total)
	if s.Session > 0 {
		text += fmt.Sprintf("  %.0f/s  ETA %v", s.Rate(), s.ETA().Round(time.Second))
	}
	return text
}

func settingText(c campaign.SettingProgress) string {
	return c.Name + " " + stats.Rate(c.Recovered, c.Detected)
}
