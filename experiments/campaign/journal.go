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

// Journal is a file that keeps the results of pieces of some work for which there
// is no database, so that interrupted work can be continued.
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

// line is a line of the file. One that was cut off does not count.
type line struct {
	piece
	Result json.RawMessage `json:"result"`
}

const journalFile = "journal"

// OpenJournal opens the journal of some work in a directory for all journals. kind is
// the kind of work, and of identifies it among works of this kind. Only the same
// program can use it again.
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

// forgotten is the age at which interrupted work counts as abandoned.
const forgotten = 30 * 24 * time.Hour

// removeForgotten removes journals of abandoned work. Those that cannot be removed are
// left for the next time.
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

// Result reads the result of a piece into v; ok is false if it is not done.
func (j *Journal) Result(what string, n int, v any) (ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	text, ok := j.done[piece{what, n}]
	return ok && json.Unmarshal(text, v) == nil
}

// Count is the number of pieces of some work that are done.
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

// Keep stores the result of a piece that is done. It begins with a line break,
// because an earlier program may have left a part of a line.
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

// Close keeps the journal for the next time, or removes it if everything is done, or
// nothing was.
func (j *Journal) Close(all bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.file.Close()
	if all || len(j.done) == 0 {
		err = errors.Join(err, os.RemoveAll(j.Dir))
	}
	return err
}
