package lesson

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/internal/words"
)

// Noted is a place of a run that somebody wants to show others.
type Noted struct {
	Place string // as recordings name it
	Look  string // a pane, and what in it; empty: none
	Text  string
}

// draftWidth is how long lines of a draft are.
const draftWidth = 100

// Draft is a lesson's file with the places that somebody has noted in a stored run. It finds the
// run again by what its row says, and claims of each place what is executed there, so that it can
// be held and checked as it is.
func Draft(ctx context.Context, db *store.DB, c *recording.Campaign, setting string, index int, experiment string, notes []Noted) (string, error) {
	r, err := c.Record(setting, index)
	if err != nil {
		return "", err
	}
	k := r.Row.Strike
	if k == nil {
		return "", fmt.Errorf("the fault of %s did not strike: a lesson finds its run by what was struck", r.Row.Run())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Notes taken in %s of %s. docs/teaching.md says what else can stand here.\n", r.Row.Run(), db.Path())
	fmt.Fprintf(&b, "lesson Notes on %s\n", r.Row.Run())
	fmt.Fprintf(&b, "learn What becomes of a %s fault in %s.\n\n", k.Kind, function(k.Place))
	query := fmt.Sprintf("setting %s, fault %s, outcome %s", setting, k.Kind, r.Row.Outcome)
	if k.Place.Function != "" && !strings.Contains(k.Place.Function, ",") {
		query += ", struck " + k.Place.Function
	}
	fmt.Fprintf(&b, "find %s\n", query)
	fmt.Fprintf(&b, "need fault.what == %q and fault.cpu == %d and fault.before == %#x and fault.after == %#x\n", k.What, k.CPU, k.Before, k.After)
	fmt.Fprintf(&b, "need detections == %d and position(\"F\") == %d\n", len(r.Row.Detections), k.Position)
	fmt.Fprintf(&b, "make `go run . run %s --db more.db`\n", experiment)
	for _, n := range notes {
		fmt.Fprintf(&b, "\nstop %s\n", n.Place)
		if n.Look != "" {
			fmt.Fprintf(&b, "look %s\n", n.Look)
		}
		if text := strings.TrimSpace(n.Text); text != "" {
			fmt.Fprintf(&b, "text\n%s\n", words.Wrap("  ", strings.ReplaceAll(text, "{", "{{"), "  ", draftWidth))
		}
		claim, err := claimAt(ctx, db, c, r, n.Place)
		if err != nil {
			return "", err
		}
		b.WriteString(claim)
	}
	if _, err := Parse("draft", []byte(b.String())); err != nil {
		return "", fmt.Errorf("BUG: %w", err)
	}
	return b.String(), nil
}

// claimAt says what is executed at a place.
func claimAt(ctx context.Context, db *store.DB, c *recording.Campaign, r *recording.Recording, place string) (string, error) {
	cpu, err := Ask(ctx, db, c, r.Row.Setting, r.Row.Index, place, "cpu")
	if err != nil {
		return "", fmt.Errorf("%s: %w", place, err)
	}
	line, err := Ask(ctx, db, c, r.Row.Setting, r.Row.Index, place, "line")
	if err != nil || line.Text == "" { // where no code is known, there is no line
		return fmt.Sprintf("holds cpu == %v\n", cpu), ctx.Err()
	}
	return fmt.Sprintf("holds cpu == %v and line == %q\n", cpu, line.Text), nil
}

func function(p faults.Place) string {
	if p.Function == "" {
		return fmt.Sprintf("code at %#x", p.PC)
	}
	return p.Function
}
