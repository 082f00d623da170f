package step

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"resvirt/experiments/lesson"
)

// lessonLead is the prompt for the file of a lesson.
const lessonLead = "save as a lesson in file: "

// paneNames are the panes as lessons name them.
var paneNames = map[paneID]string{
	timelinePane: "timeline", sourcePane: "source", instructionsPane: "instructions", registersPane: "registers", invariantsPane: "invariants",
	componentsPane: "components", whatifPane: "whatif", stackPane: "stack", whyPane: "why",
}

// looksAt is what one looks at, as lessons name it.
func (s *State) looksAt() string {
	name := paneNames[s.Focus]
	if s.Focus == registersPane {
		if at := s.Rows[registersPane].cursor; at > 0 && at < len(registerOrder) {
			name += " " + registerOrder[at].String()
		}
	}
	return name
}

// saveNotes makes a lesson of marks and notes.
func (s State) saveNotes(file string, over bool) (State, command) {
	switch {
	case len(s.Marks) == 0:
		s.Say = "there is nothing to save: m and a letter makes a mark, :note TEXT a note"
		return s, nil
	case s.Run.Change != "":
		s.Say = "this run was executed with a change and is stored nowhere: no lesson could find it; o in pane 6 goes back to the stored one"
		return s, nil
	}
	c := saveLesson{file: file, over: over}
	for _, m := range s.Marks {
		text := m.note
		if m.name != "" {
			text = "Mark " + m.name + "."
		}
		c.notes = append(c.notes, lesson.Noted{Place: m.in, Look: m.look, Text: text})
	}
	return s, c
}

// saveLesson writes a lesson's file.
type saveLesson struct {
	file  string
	over  bool // what is there
	notes []lesson.Noted
}

func (c saveLesson) busy() string { return "writing " + c.file }

func (c saveLesson) do(ctx context.Context, d *desk) (string, error) {
	if _, err := os.Lstat(c.file); err == nil && !c.over {
		return fmt.Sprintf("%s is there already: :lesson! %s writes over it", c.file, c.file), nil
	}
	row := d.base.Row
	text, err := lesson.Draft(ctx, d.db, d.campaign, row.Setting, row.Index, d.rec.Lab.Experiment.Name, c.notes)
	if err != nil {
		return "", err
	}
	if err := writeNew(c.file, text, c.over); err != nil {
		return "", fmt.Errorf("the lesson is not saved: %w", err)
	}
	return fmt.Sprintf("saved: resvirt step --lesson %s %s, resvirt lesson %s %s --check", c.file, d.db.Path(), c.file, d.db.Path()), nil
}

// writeNew writes a file; over another one only if that is wanted.
func writeNew(file, text string, over bool) error {
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if over {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(file, how, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already", file)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
