package recording

import (
	"strings"

	"resvirt/experiments"
)

// Sources are the texts of the program under test, by file name.
type Sources map[string][]string

// SourcesOf takes the sources out of what a database keeps.
func SourcesOf(parts []experiments.Part) Sources {
	s := Sources{}
	for _, p := range parts {
		if p.Kind == "source" {
			s[p.Name] = strings.Split(string(p.Data), "\n")
		}
	}
	return s
}

// Line is the text of a source line, "" when it is not known.
func (s Sources) Line(file string, line int) string {
	if text := s[file]; line >= 1 && line <= len(text) {
		return strings.TrimSpace(text[line-1])
	}
	return ""
}
