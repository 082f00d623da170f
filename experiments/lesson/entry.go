package lesson

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// entry is a keyword of a lesson's file with what stands behind it and in the indented
// lines below it.
type entry struct {
	line       int
	word       string
	paragraphs []paragraph
}

// paragraph is a part of an entry's text between empty lines.
type paragraph struct {
	line int
	text string
}

// text is that of an entry that has one paragraph.
func (e *entry) text() string {
	var all []string
	for _, p := range e.paragraphs {
		all = append(all, p.text)
	}
	return strings.Join(all, " ")
}

// keywords are the words with which lines can begin, in the order in which a file has
// them.
var keywords = []string{"lesson", "learn", "find", "need", "make", "stop", "look", "text", "holds", "ask", "choice", "if", "answer", "within", "then"}

// largest is how many bytes a lesson may have.
const largest = 1 << 20

// mistake is an error in a lesson's file, with its place.
func mistake(file string, line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", file, line, fmt.Sprintf(format, args...))
}

// entries divides a file. Lines that begin with # are comments.
func entries(file string, content []byte) ([]entry, error) {
	switch {
	case len(content) > largest:
		return nil, fmt.Errorf("%s has %d bytes: a lesson has at most %d", file, len(content), largest)
	case !utf8.Valid(content):
		return nil, fmt.Errorf("%s is no text in UTF-8", file)
	}
	var list []entry
	fresh := true // the next indented line begins a paragraph
	n := 0
	for text := range strings.Lines(string(content)) {
		n++
		text = strings.TrimRight(text, " \t\r\n")
		indented := strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t")
		trimmed := strings.TrimSpace(text)
		switch {
		case strings.HasPrefix(text, "#"):
		case trimmed == "":
			fresh = true
		case indented && len(list) == 0:
			return nil, mistake(file, n, "an indented line belongs to a keyword above it, and there is none: begin with `lesson TITLE`")
		case indented:
			e := &list[len(list)-1]
			if fresh || len(e.paragraphs) == 0 {
				e.paragraphs = append(e.paragraphs, paragraph{n, trimmed})
			} else {
				e.paragraphs[len(e.paragraphs)-1].text += " " + trimmed
			}
			fresh = false
		default:
			word, rest, _ := strings.Cut(text, " ")
			word = strings.TrimSuffix(word, ":")
			if !slices.Contains(keywords, word) {
				return nil, mistake(file, n, "%q is no keyword%s; the lines of a text are indented", word, nearest(word, keywords))
			}
			e := entry{line: n, word: word}
			if rest = strings.TrimSpace(rest); rest != "" {
				e.paragraphs = []paragraph{{n, rest}}
			}
			list, fresh = append(list, e), false
		}
	}
	return list, nil
}
