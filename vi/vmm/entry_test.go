package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Assembly must push and pop registers in the order of regs (whose names are longer
// than the assembler's), and must use names for their offsets, not numbers. So a
// change of regs either reaches all code, or fails here.
func TestEntryAndRegsAgree(t *testing.T) {
	b, err := os.ReadFile("entry_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	list := func(macro, instruction string) (names []string) {
		_, body, _ := strings.Cut(text, "#define "+macro+" \\\n")
		body, _, _ = strings.Cut(body, "\n\n")
		for _, m := range regexp.MustCompile(instruction+`\t(\w+)`).FindAllStringSubmatch(body, -1) {
			names = append(names, m[1])
		}
		return names
	}
	var fields []string
	for i := range reflect.TypeFor[regs]().NumField() {
		name := reflect.TypeFor[regs]().Field(i).Name
		if name == "ErrorCode" {
			break
		}
		if len(name) == 3 && name[1] > '9' {
			name = name[1:] // RAX is AX
		}
		fields = append(fields, name)
	}
	if got := list("RESTORE", "POPQ"); !slices.Equal(got, fields) {
		t.Errorf("RESTORE pops %v, in memory lie %v", got, fields)
	}
	pushed := append([]string{"DI"}, list("SAVE", "PUSHQ")...) // DI was pushed before SAVE
	slices.Reverse(pushed)
	if !slices.Equal(pushed, fields) {
		t.Errorf("SAVE pushes, from the last, %v, in memory lie %v", pushed, fields)
	}
	for _, m := range regexp.MustCompile(`(?m)^.*[\t ][1-9][0-9]*\((DI|BX|R14)\).*$`).FindAllString(text, -1) {
		t.Errorf("an offset without a name: %s", m)
	}
}
