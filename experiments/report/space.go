package report

import (
	"fmt"
	"math"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
)

// Extrapolation carries a cell's unsurvived share over to all faults of the type
// that could have struck: the extrapolated absolute failure count of Schirmeier,
// Borchert and Spinczyk (DSN 2015).
type Extrapolation struct {
	Instructions uint64  `json:"instructions"` // of the target, in the window of the golden run
	Variants     float64 `json:"variants"`     // faults that could strike an instruction, on average
	Space        float64 `json:"space"`        // the product
	Failures     float64 `json:"failures"`
	Low          float64 `json:"low"` // 95 %
	High         float64 `json:"high"`
}

// stratum is a part of the fault space from which faults are drawn evenly.
type stratum struct {
	variants            float64 // for each instruction
	applied, unsurvived int
}

// notExtrapolated says why the space of a fault type has no size here.
func notExtrapolated(k faults.Kind) string {
	switch k {
	case faults.Software, faults.SoftwareKept:
		return "how many mistakes fit an instruction is not counted"
	}
	return ""
}

// addExtrapolations needs single faults and a golden run whose window was counted.
func addExtrapolations(db *store.DB, r *Report, e *experiments.Experiment) error {
	n := r.Campaign.Golden.WindowTarget
	if n == 0 || e.Faults.PerRun != 1 {
		return nil
	}
	struck, err := db.Struck()
	if err != nil {
		return err
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		k, err := faults.ParseKind(c.Fault)
		if err != nil {
			return err
		}
		c.Extrapolated = extrapolate(n, strata(k, c, struck[[2]string{c.Setting, c.Fault}]))
	}
	return nil
}

// strata divides a cell so that in each part every fault is equally likely. A
// register fault draws the register first, so that a bit of RFLAGS, which has
// fewer, is likelier than others; a memory fault draws the class first, whose
// size is the mean of those that strikes found. It is nil for types without a
// known space.
func strata(k faults.Kind, c *Cell, struck map[string]store.Struck) []stratum {
	switch k {
	case faults.Failstop:
		return []stratum{{1, c.Applied, c.Unsurvived}}
	case faults.Code, faults.CodeKept:
		return []stratum{{8 * faults.CodeReach, c.Applied, c.Unsurvived}}
	case faults.RegisterFlip:
		f := struck[faults.RFLAGS.String()]
		flags := stratum{float64(faults.RFLAGS.Bits()), f.Applied, f.Unsurvived}
		return []stratum{flags, {float64((faults.Registers - 1) * faults.RIP.Bits()), c.Applied - flags.applied, c.Unsurvived - flags.unsurvived}}
	case faults.Memory:
		var list []stratum
		for class := range faults.Classes {
			s := struck[class.String()]
			list = append(list, stratum{8 * s.Among, s.Applied, s.Unsurvived})
		}
		return list
	}
	return nil
}

// extrapolate sums up the strata. The interval is combined from theirs, each
// Clopper-Pearson, by adding squares of distances (Zou, Huang and Zhang,
// Statistics in Medicine 28, 2009); for one stratum it is that one's, scaled. It
// is nil while a stratum is empty.
func extrapolate(instructions uint64, list []stratum) *Extrapolation {
	if len(list) == 0 {
		return nil
	}
	x := &Extrapolation{Instructions: instructions}
	var down, up float64
	for _, s := range list {
		if s.applied == 0 {
			return nil
		}
		size := float64(instructions) * s.variants
		p, i := float64(s.unsurvived)/float64(s.applied), stats.ClopperPearson(s.unsurvived, s.applied)
		x.Variants += s.variants
		x.Space += size
		x.Failures += size * p
		down, up = math.Hypot(down, size*(p-i.Low)), math.Hypot(up, size*(i.High-p))
	}
	x.Low, x.High = max(0, x.Failures-down), min(x.Space, x.Failures+up)
	return x
}

func (r *Report) spaceTable(b *strings.Builder) {
	instructions, left := uint64(0), ""
	seen := map[string]bool{}
	for _, c := range r.Cells {
		if c.Extrapolated != nil {
			instructions = c.Extrapolated.Instructions
		}
		if k, err := faults.ParseKind(c.Fault); err == nil && notExtrapolated(k) != "" && !seen[c.Fault] {
			seen[c.Fault] = true
			left += fmt.Sprintf("%s is left out: %s.\n", c.Fault, notExtrapolated(k))
		}
	}
	if instructions == 0 {
		return
	}
	fmt.Fprintf(b, "\nfailures extrapolated to the fault space: %d instructions of the target in the window\n", instructions)
	t := table(b)
	fmt.Fprintln(t, "setting\tfault\tunsurvived/applied\tvariants\tfault space\tfailures in it\t")
	for _, c := range r.Cells {
		if k, err := faults.ParseKind(c.Fault); err != nil || notExtrapolated(k) != "" {
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%d/%d\t", c.Setting, c.Fault, c.Unsurvived, c.Applied)
		if x := c.Extrapolated; x != nil {
			fmt.Fprintf(t, "%.4g\t%.4g\t%.3g [%.3g, %.3g]\t\n", x.Variants, x.Space, x.Failures, x.Low, x.High)
		} else {
			fmt.Fprint(t, "-\t-\t-\t\n") // a register or class has not been struck yet
		}
	}
	t.Flush()
	b.WriteString("The space is instructions x variants: 1 for failstop, 17 x 64 + 17 bits for register, 15 x 8 for\n" +
		"code, the bits of all four classes as strikes found them for memory. Faults draw the register or the\n" +
		"class first; here each bit weighs the same, as each instruction of the window does.\n" + left)
}
