package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The map in doc.go has a place for every file, and names none that is not there.
func TestMapIsComplete(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, plan, found := strings.Cut(string(text), "// # Map\n")
	if !found {
		t.Fatal("doc.go has no map")
	}
	placed := map[string]bool{"doc.go": true}
	for _, pattern := range regexp.MustCompile(`[\w*]+\.(go|s)\b`).FindAllString(plan, -1) {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Errorf("the map names %s, which is not there (%v)", pattern, err)
		}
		for _, name := range names {
			placed[name] = true
		}
	}
	files, err := filepath.Glob("*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".s")
		if source && !placed[name] {
			t.Errorf("%s has no place in the map of doc.go", name)
		}
	}
}
