package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/sim"
)

// rowColumns is the number of columns of a row without its seal.
const rowColumns = 41

// insert writes one row.
func insert(tx *sql.Stmt, r *experiments.Row) error {
	var lists [5]string
	struck := append([]faults.Struck{{Plan: r.Plan, Strike: r.Strike}}, r.Further...)
	for i, v := range []any{struck, r.Detections, r.Steps, r.Verdicts, r.Ends} {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		lists[i] = string(b)
	}
	args := []any{1, r.Setting, r.Index, r.Plan.Kind.String(), r.Outcome.String(), r.Paper, r.Reason, r.Cause.String(), int64(r.Plan.Time), int64(r.Plan.N)}
	args = append(args, strikeColumns(r.Strike)...)
	args = append(args, detectionColumns(r)...)
	args = append(args, lists[0], lists[1], lists[2], lists[3], lists[4], int64(r.EndPosition), int64(r.EndTime), r.EndDigest.String(), int64(r.Instructions), r.Console)
	_, err := tx.Exec(sealed("runs", args)...)
	return err
}

// strikeColumns are for queries: what the first fault struck. Rows are read
// back from the list of all.
func strikeColumns(s *faults.Strike) []any {
	if s == nil {
		return make([]any, 13)
	}
	c := []any{
		s.CPU, int64(s.Position), int64(s.Time), hexWord(s.Place.PC), s.Place.Function, int64(s.Place.Offset), s.Place.File, s.Place.Line,
		s.What, nil, nil, hexWord(s.Before), hexWord(s.After),
	}
	if s.Address != 0 {
		c[9] = hexWord(s.Address)
	}
	if s.Bit >= 0 {
		c[10] = s.Bit
	}
	if s.Code != "" {
		c[11], c[12] = s.Code, s.Fetched
	}
	return c
}

func detectionColumns(r *experiments.Row) []any {
	if len(r.Detections) == 0 {
		return make([]any, 8)
	}
	d := r.Detections[0]
	c := []any{string(d.Kind), d.What, d.Place.Function, d.Place.File, d.Place.Line, int64(r.DetectionLatency), nil, nil}
	if r.RecoveryLatency > 0 {
		c[6], c[7] = int64(r.RecoveryLatency), int64(r.RecoveryInstructions)
	}
	return c
}

func hexWord(v uint64) string { return fmt.Sprintf("%#x", v) }

// Row reads one row back, exactly as it was written.
func (db *DB) Row(setting string, index int) (*experiments.Row, error) {
	r := &experiments.Row{Setting: setting, Index: index}
	if err := db.whole("runs", "WHERE campaign = 1 AND setting = ? AND idx = ?", setting, index); err != nil {
		return nil, err
	}
	var outcome, cause, digest, strikes, detections, steps, verdicts, ends string
	var detection, recovery, instructions sql.NullInt64
	err := db.sql.QueryRow(`SELECT outcome, recovered_paper, reason, cause, detection_ps, recovery_ps, recovery_instructions,
		strikes, detections, steps, verdicts, ends,
		end_position, end_ps, end_digest, instructions, console FROM runs WHERE campaign = 1 AND setting = ? AND idx = ?`, setting, index).Scan(
		&outcome, &r.Paper, &r.Reason, &cause, &detection, &recovery, &instructions,
		&strikes, &detections, &steps, &verdicts, &ends,
		&r.EndPosition, &r.EndTime, &digest, &r.Instructions, &r.Console)
	if errors.Is(err, sql.ErrNoRows) {
		if err := db.whole("runs", ""); err != nil { // the row may be there under a damaged key
			return nil, err
		}
		if _, err := db.Setting(setting); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("database %s has no run %s/%d", db.path, setting, index)
	}
	if err != nil {
		return nil, db.wrapped(err)
	}
	r.Cause = faults.ParseFailure(cause)
	r.DetectionLatency, r.RecoveryLatency, r.RecoveryInstructions = sim.Time(detection.Int64), sim.Time(recovery.Int64), uint64(instructions.Int64)
	var p parser
	r.Outcome, r.EndDigest = p.outcome(outcome), p.digest(digest)
	p.strikes(strikes, r)
	p.json(detections, &r.Detections)
	p.json(steps, &r.Steps)
	p.json(verdicts, &r.Verdicts)
	p.json(ends, &r.Ends)
	if p.err != nil {
		return nil, db.damaged(r.Run(), p.err)
	}
	return r, nil
}

// parser keeps the first error of many conversions.
type parser struct{ err error }

func (p *parser) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *parser) json(s string, v any) { p.keep(json.Unmarshal([]byte(s), v)) }

// strikes reads the list of a row's faults.
func (p *parser) strikes(s string, r *experiments.Row) {
	var list []faults.Struck
	if p.json(s, &list); len(list) == 0 {
		p.keep(errors.New("it has no fault"))
		return
	}
	r.Plan, r.Strike = list[0].Plan, list[0].Strike
	if len(list) > 1 {
		r.Further = list[1:]
	}
}

func (p *parser) outcome(s string) faults.Outcome {
	o, err := faults.ParseOutcome(s)
	p.keep(err)
	return o
}

func (p *parser) digest(s string) sim.Digest {
	d, err := sim.ParseDigest(s)
	p.keep(err)
	return d
}
