package campaign

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"resvirt/experiments/store"
)

// Journal is a file that keeps which pieces of some work are done, and what came of
// them, where there is no database: so that work that was interrupted goes on.
type Journal struct {
	Dir  string // where other files of the work may lie, too
	mu   sync.Mutex
	file *os.File
	done map[piece]json.RawMessage
}

// piece names a piece of work.
type piece struct {
	What string `json:"what"`
	N    int    `json:"n"`
}

// line is a line of the file. One that was cut off is none.
type line struct {
	piece
	Result json.RawMessage `json:"result"`
}

const journalFile = "journal"

// OpenJournal opens the journal of work of a kind, which of tells apart from other such
// work, in a directory for all of them. It is of use to the same program only.
func OpenJournal(base, kind, of string) (*Journal, error) {
	program, err := store.Program()
	if err != nil {
		return nil, err
	}
	removeForgotten(base, kind)
	j := &Journal{done: map[piece]json.RawMessage{}}
	j.Dir = filepath.Join(base, fmt.Sprintf("%s-%.16x", kind, sha256.Sum256([]byte(program+" "+of))))
	if err := os.MkdirAll(j.Dir, 0o777); err != nil {
		return nil, err
	}
	path := filepath.Join(j.Dir, journalFile)
	if j.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(j.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		j.file.Close()
		return nil, fmt.Errorf("another %s of the same kind is at work: wait for it", kind)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		j.file.Close()
		return nil, err
	}
	for b := range bytes.Lines(text) {
		var l line
		if json.Unmarshal(b, &l) == nil {
			j.done[l.piece] = l.Result
		}
	}
	return j, nil
}

// forgotten is after how long nobody will go on with work any more.
const forgotten = 30 * 24 * time.Hour

// removeForgotten removes journals of work that was never gone on with. What cannot be
// removed stays for the next time.
func removeForgotten(base, kind string) {
	list, _ := filepath.Glob(filepath.Join(base, kind+"-*", journalFile)) // the pattern is right
	for _, path := range list {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > forgotten {
			_ = os.RemoveAll(filepath.Dir(path))
		}
	}
}

// Has tells whether a piece is done.
func (j *Journal) Has(what string, n int) bool { return j.Result(what, n, new(any)) }

// Result reads into v what came of a piece; ok is false if it is not done.
func (j *Journal) Result(what string, n int, v any) (ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	text, ok := j.done[piece{what, n}]
	return ok && json.Unmarshal(text, v) == nil
}

// Count is how many pieces of some work are done.
func (j *Journal) Count(what string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for p := range j.done {
		if p.What == what {
			n++
		}
	}
	return n
}

// Keep notes that a piece is done, and what came of it. The line break before it ends
// what an earlier program may have left of a line.
func (j *Journal) Keep(what string, n int, result any) error {
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	l := line{piece{what, n}, text}
	whole, err := json.Marshal(l)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done[l.piece] = text
	_, err = fmt.Fprintf(j.file, "\n%s\n", whole)
	return err
}

// Close leaves the journal for the next time, or removes it if all is done, or nothing.
func (j *Journal) Close(all bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.file.Close()
	if all || len(j.done) == 0 {
		err = errors.Join(err, os.RemoveAll(j.Dir))
	}
	return err
}
