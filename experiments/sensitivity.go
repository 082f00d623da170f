package experiments

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"resvirt/faults"
)

// Sensitivity says which share of flipped bits in the guests' own state the judges of
// runs notice. It is measured for the guests' images, and printed beside every rate
// that depends on harm being noticed.
type Sensitivity struct {
	Guests     string       `json:"guests"`     // digest of their images and of the rules by which runs are judged
	Experiment string       `json:"experiment"` // with which it was measured
	Seed       uint64       `json:"seed"`
	Classes    []Noticeable `json:"classes"`
}

// Noticeable counts flips of one class.
type Noticeable struct {
	Class   string `json:"class"`
	Flips   int    `json:"flips"`
	Used    int    `json:"used"`    // read again before it was overwritten, or noticed
	Noticed int    `json:"noticed"` // the run's outcome counts as harm
}

// All sums up the classes.
func (s *Sensitivity) All() Noticeable {
	all := Noticeable{Class: "all"}
	for _, c := range s.Classes {
		all.Flips, all.Used, all.Noticed = all.Flips+c.Flips, all.Used+c.Used, all.Noticed+c.Noticed
	}
	return all
}

// GuestsDigest identifies the guests for which a Sensitivity is measured.
func GuestsDigest(sys System) string {
	h := sha256.New()
	fmt.Fprintf(h, "rules %d\n", faults.Rules)
	for _, p := range sys.Parts() {
		if p.Kind == "image" && p.Name != "vmm" {
			fmt.Fprintf(h, "%s %s\n", p.Name, p.Digest)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// SensitivityFile is the file in the sources with the measured sensitivities.
const SensitivityFile = "experiments/sensitivity.json"

//go:embed sensitivity.json
var measured []byte

// KeepSensitivity writes a sensitivity to a file, in place of an older one of
// the same guests.
func KeepSensitivity(path string, s Sensitivity) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var list []Sensitivity
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	list = slices.DeleteFunc(list, func(old Sensitivity) bool { return old.Guests == s.Guests })
	text, err = json.MarshalIndent(append(list, s), "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}

// SensitivityOf is the sensitivity that was measured for the guests of a system,
// nil if there is none.
func SensitivityOf(sys System) (*Sensitivity, error) {
	var list []Sensitivity
	if err := json.Unmarshal(measured, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", SensitivityFile, err)
	}
	digest := GuestsDigest(sys)
	for i := range list {
		if list[i].Guests == digest {
			return &list[i], nil
		}
	}
	return nil, nil
}
