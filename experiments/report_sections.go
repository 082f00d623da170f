package experiments

import "strings"

// addSections computes what the report has besides counts, rates and latencies.
func (db *DB) addSections(r *Report, e *Experiment, settings []Setting) error {
	r.addPublished(e.Published)
	if err := db.addComparisons(r, settings); err != nil {
		return err
	}
	if err := db.addExtrapolations(r, e); err != nil {
		return err
	}
	if err := db.addSteps(r); err != nil {
		return err
	}
	return db.addReboots(r, settings)
}

// sections writes it for people; each is left out where there is nothing to say.
func (r *Report) sections(b *strings.Builder) {
	r.publishedTable(b)
	r.pairedTable(b)
	r.spaceTable(b)
	r.stepTable(b)
	r.rebootTable(b)
}
