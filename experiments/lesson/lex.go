package lesson

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// token is a word of an expression.
type token struct {
	kind tokenKind
	text string
}

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	numberToken
	stringToken
	signToken
)

func (t token) String() string {
	if t.kind == endToken {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

func letter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// signs are the operators, longer ones first.
var signs = []string{"==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", ","}

// lex divides an expression into tokens.
func lex(s string) ([]token, error) {
	var list []token
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		t, rest, err := next(s)
		if err != nil {
			return nil, err
		}
		list, s = append(list, t), rest
	}
	return list, nil
}

func next(s string) (t token, rest string, err error) {
	while := func(more func(byte) bool) int {
		i := 0
		for i < len(s) && more(s[i]) {
			i++
		}
		return i
	}
	switch c := s[0]; {
	case letter(c):
		i := while(func(c byte) bool { return letter(c) || digit(c) || c == '.' })
		return token{nameToken, s[:i]}, s[i:], nil
	case digit(c):
		i := while(func(c byte) bool { return letter(c) || digit(c) })
		return token{numberToken, s[:i]}, s[i:], nil
	case c == '"':
		text, rest, closed := strings.Cut(s[1:], `"`)
		if !closed {
			return t, "", fmt.Errorf(`a text is not closed: it ends with "`)
		}
		return token{stringToken, text}, rest, nil
	}
	for _, sign := range signs {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			return token{signToken, sign}, rest, nil
		}
	}
	c, _ := utf8.DecodeRuneInString(s)
	return t, "", fmt.Errorf("%q means nothing in an expression: see docs/teaching.md", c)
}
