package campaign

import (
	"time"

	"resvirt/experiments"
	"resvirt/faults"
)

// Progress is the state of a running campaign, or of other long work. Of a campaign
// it counts only rows that are in the database.
type Progress struct {
	Done, Total int    // the total of other work may be unknown: 0
	Unit        string // unit of these numbers, "" = runs of a campaign
	Session     int    // done since the command started
	Elapsed     time.Duration
	Settings    []SettingProgress
}

// SettingProgress counts one setting.
type SettingProgress struct {
	Name                string
	Detected, Recovered int
}

// Rate is injections per second of this command.
func (p *Progress) Rate() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Session) / p.Elapsed.Seconds()
}

// ETA is the time left at the present rate; 0 when unknown.
func (p *Progress) ETA() time.Duration {
	if r := p.Rate(); r > 0 {
		return time.Duration(float64(p.Total-p.Done) / r * float64(time.Second))
	}
	return 0
}

func (p *Progress) add(r *experiments.Row) {
	p.Done++
	p.Session++
	for i := range p.Settings {
		if s := &p.Settings[i]; s.Name == r.Setting && r.Outcome.Detected() {
			s.Detected++
			if r.Outcome == faults.Recovered {
				s.Recovered++
			}
		}
	}
}
