package report

import (
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/store"
)

// addSections computes what the report has besides counts, rates and latencies.
func addSections(db *store.DB, r *Report, e *experiments.Experiment, settings []experiments.Setting) error {
	r.addPublished(e.Published)
	if err := addComparisons(db, r, settings); err != nil {
		return err
	}
	if err := addExtrapolations(db, r, e); err != nil {
		return err
	}
	if err := addSteps(db, r); err != nil {
		return err
	}
	return addReboots(db, r, settings)
}

// sections writes them for people; empty sections are left out.
func (r *Report) sections(b *strings.Builder) {
	r.publishedTable(b)
	r.spaceTable(b)
	r.stepTable(b)
	r.rebootTable(b)
}
