package experiments

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"resvirt/faults"
	"resvirt/sim"
)

const insertRow = `INSERT INTO runs VALUES (1, ?,?, ?,?,?,?, ?,?, ?,?,?, ?,?,?,?,?, ?,?,?,?, ?,?,?,?,?, ?,?,?, ?,?,?,?, ?,?,?,?,?)`

// insert writes one row.
func insert(tx *sql.Stmt, r *Row) error {
	var lists [4]string
	for i, v := range []any{r.Detections, r.Steps, r.Verdicts, r.Ends} {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		lists[i] = string(b)
	}
	args := []any{r.Setting, r.Index, r.Plan.Kind.String(), r.Outcome.String(), r.Reason, r.Cause, int64(r.Plan.Time), int64(r.Plan.N)}
	args = append(args, strikeColumns(r)...)
	args = append(args, detectionColumns(r)...)
	args = append(args, lists[0], lists[1], lists[2], lists[3], int64(r.EndPosition), int64(r.EndTime), r.EndDigest.String(), int64(r.Instructions), r.Console)
	_, err := tx.Exec(args...)
	return err
}

// strikeColumns are what struck, or what would have struck.
func strikeColumns(r *Row) []any {
	s := r.Strike
	if s == nil {
		c := make([]any, 12)
		if r.Plan.Kind == faults.RegisterFlip {
			c[8], c[9] = r.Plan.Register.String(), r.Plan.Bit
		}
		return c
	}
	return []any{
		s.CPU, int64(s.Position), int64(s.Time), hexWord(s.Place.PC), s.Place.Function, int64(s.Place.Offset), s.Place.File, s.Place.Line,
		s.Register.String(), s.Bit, hexWord(s.Before), hexWord(s.After),
	}
}

func detectionColumns(r *Row) []any {
	if len(r.Detections) == 0 {
		return make([]any, 8)
	}
	d := r.Detections[0]
	c := []any{d.Kind, d.What, d.Place.Function, d.Place.File, d.Place.Line, int64(r.DetectionLatency), nil, nil}
	if r.RecoveryLatency > 0 {
		c[6], c[7] = int64(r.RecoveryLatency), int64(r.RecoveryInstructions)
	}
	return c
}

func hexWord(v uint64) string { return fmt.Sprintf("%#x", v) }

// Row reads one row back, exactly as it was written.
func (db *DB) Row(setting string, index int) (*Row, error) {
	r := &Row{Setting: setting, Index: index}
	var kind, outcome, digest string
	var detections, steps, verdicts, ends string
	var cpu, bit, line, detection, recovery, instructions sql.NullInt64
	var position, time, offset sql.NullInt64
	var pc, function, file, register, before, after sql.NullString
	err := db.sql.QueryRow(`SELECT fault, outcome, reason, cause, trigger_ps, trigger_n,
		cpu, position, time_ps, pc, function, offset, file, line, register, bit, before, after,
		detection_ps, recovery_ps, recovery_instructions, detections, steps, verdicts, ends,
		end_position, end_ps, end_digest, instructions, console FROM runs WHERE campaign = 1 AND setting = ? AND idx = ?`, setting, index).Scan(
		&kind, &outcome, &r.Reason, &r.Cause, &r.Plan.Time, &r.Plan.N,
		&cpu, &position, &time, &pc, &function, &offset, &file, &line, &register, &bit, &before, &after,
		&detection, &recovery, &instructions, &detections, &steps, &verdicts, &ends,
		&r.EndPosition, &r.EndTime, &digest, &r.Instructions, &r.Console)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("database %s has no run %s/%d", db.path, setting, index)
	}
	if err != nil {
		return nil, db.explain(err)
	}
	r.Plan.Index = index
	r.DetectionLatency, r.RecoveryLatency, r.RecoveryInstructions = sim.Time(detection.Int64), sim.Time(recovery.Int64), uint64(instructions.Int64)
	var p parser
	r.Plan.Kind, r.Outcome, r.EndDigest = p.kind(kind), p.outcome(outcome), p.digest(digest)
	p.json(detections, &r.Detections)
	p.json(steps, &r.Steps)
	p.json(verdicts, &r.Verdicts)
	p.json(ends, &r.Ends)
	if cpu.Valid {
		r.Strike = &faults.Strike{
			CPU: int(cpu.Int64), Position: uint64(position.Int64), Time: sim.Time(time.Int64),
			Place:    faults.Place{PC: p.hex(pc.String), Function: function.String, Offset: uint64(offset.Int64), File: file.String, Line: int(line.Int64)},
			Register: p.register(register.String), Bit: int(bit.Int64), Before: p.hex(before.String), After: p.hex(after.String),
		}
	}
	if r.Plan.Kind == faults.RegisterFlip {
		r.Plan.Register, r.Plan.Bit = p.register(register.String), uint8(bit.Int64)
	}
	if p.err != nil {
		return nil, fmt.Errorf("database %s: run %s/%d is damaged: %w", db.path, setting, index, p.err)
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

func (p *parser) hex(s string) uint64 {
	v, err := strconv.ParseUint(s, 0, 64)
	p.keep(err)
	return v
}

func (p *parser) json(s string, v any) { p.keep(json.Unmarshal([]byte(s), v)) }

func (p *parser) kind(s string) faults.Kind {
	k, err := faults.ParseKind(s)
	p.keep(err)
	return k
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

func (p *parser) register(s string) faults.Register {
	for r := faults.Register(0); r < faults.Registers; r++ {
		if r.String() == s {
			return r
		}
	}
	p.keep(fmt.Errorf("unknown register %q", s))
	return 0
}
