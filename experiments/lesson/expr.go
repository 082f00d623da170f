package lesson

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"resvirt/internal/words"
)

// Expr asks a recording something. Its grammar, the loosest first:
//
//	either   = both { "or" both }
//	both     = not { "and" not }
//	not      = [ "not" ] compared
//	compared = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "has") sum ]
//	sum      = product { ("+" | "-") product }
//	product  = moved { ("*" | "/") moved }
//	moved    = single { "at" PLACE | "in golden" | "with" STEPS | "without" STEPS | "under" SETTING }
//	single   = number | text | "true" | "false" | fact [ "(" expression { "," expression } ")" ] | "(" expression ")"
type Expr interface {
	eval(*scope) (Value, error)
	walk(func(Expr)) // calls the function for it and all within
}

// literal is a value that is written down.
type literal struct{ v Value }

// asked is a fact with its arguments.
type asked struct {
	fact *fact
	args []Expr
}

// moved asks elsewhere: at another place, in the golden run, under other steps.
type moved struct {
	by   string
	to   string
	expr Expr
}

// joined is an operator and what stands at its sides; left is nil for not.
type joined struct {
	by          string
	left, right Expr
}

func (e *literal) walk(f func(Expr)) { f(e) }
func (e *moved) walk(f func(Expr))   { f(e); e.expr.walk(f) }
func (e *asked) walk(f func(Expr)) {
	f(e)
	for _, a := range e.args {
		a.walk(f)
	}
}
func (e *joined) walk(f func(Expr)) {
	f(e)
	if e.left != nil {
		e.left.walk(f)
	}
	e.right.walk(f)
}

// asks tells whether an expression depends on a recording.
func asks(e Expr) (yes bool) {
	e.walk(func(e Expr) {
		if _, fact := e.(*asked); fact {
			yes = true
		}
	})
	return yes
}

// ofRowAlone tells whether an expression can be asked of a row, without a machine.
func ofRowAlone(e Expr) bool {
	alone := true
	e.walk(func(e Expr) {
		switch e := e.(type) {
		case *moved:
			alone = false
		case *asked:
			alone = alone && e.fact.row
		}
	})
	return alone
}

// deepest is how deep parentheses may nest.
const deepest = 50

type exprParser struct {
	list []token
	deep int
}

// ParseExpr reads an expression.
func ParseExpr(s string) (Expr, error) {
	list, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &exprParser{list: list}
	e, err := p.level(0)
	if err == nil && len(p.list) > 0 {
		err = fmt.Errorf("%s is not expected there", p.peek())
	}
	return e, err
}

func (p *exprParser) peek() token {
	if len(p.list) == 0 {
		return token{}
	}
	return p.list[0]
}

// take takes the next token if it is a certain sign or word.
func (p *exprParser) take(options ...string) (string, bool) {
	t := p.peek()
	if t.kind != nameToken && t.kind != signToken || !slices.Contains(options, t.text) {
		return "", false
	}
	p.list = p.list[1:]
	return t.text, true
}

// levels are the operators between two expressions, the loosest first.
var levels = [][]string{{"or"}, {"and"}, {"not"}, {"==", "!=", "<", "<=", ">", ">=", "has"}, {"+", "-"}, {"*", "/"}}

func (p *exprParser) level(n int) (Expr, error) {
	if n == len(levels) {
		return p.moved()
	}
	if n == 2 {
		if _, not := p.take("not"); not {
			e, err := p.level(n + 1)
			return &joined{by: "not", right: e}, err
		}
		return p.level(n + 1)
	}
	e, err := p.level(n + 1)
	for err == nil {
		by, ok := p.take(levels[n]...)
		if !ok {
			break
		}
		var right Expr
		right, err = p.level(n + 1)
		e = &joined{by, e, right}
		if n == 3 {
			break // a comparison has two sides
		}
	}
	return e, err
}

func (p *exprParser) moved() (Expr, error) {
	e, err := p.single()
	for err == nil {
		by, ok := p.take("at", "in", "with", "without", "under")
		if !ok {
			break
		}
		if by == "in" {
			if _, golden := p.take("golden"); !golden {
				return nil, fmt.Errorf("behind `in` there must be `golden`, not %s", p.peek())
			}
			e = &moved{by: "golden", expr: e}
			continue
		}
		to := p.peek()
		if to.kind != stringToken || to.text == "" {
			return nil, fmt.Errorf(`behind %s there must be a text in quotes, such as %s "%s", not %s`, by, by, example[by], to)
		}
		p.list = p.list[1:]
		e = &moved{by, to.text, e}
	}
	return e, err
}

var example = map[string]string{"at": "D+120", "with": "reinit_locks", "without": "reinit_locks, nmi_ack", "under": "basic"}

func (p *exprParser) single() (Expr, error) {
	if p.deep++; p.deep > deepest {
		return nil, fmt.Errorf("parentheses nest more than %d deep", deepest)
	}
	defer func() { p.deep-- }()
	if _, open := p.take("("); open {
		e, err := p.level(0)
		if err == nil {
			err = p.close()
		}
		return e, err
	}
	t := p.peek()
	if t.kind == endToken {
		return nil, fmt.Errorf("an expression is missing at the end")
	}
	p.list = p.list[1:]
	switch t.kind {
	case numberToken:
		n, err := strconv.ParseUint(t.text, 0, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no number: write 120 or 0x78", t.text)
		}
		return &literal{number(n)}, nil
	case stringToken:
		return &literal{text(t.text)}, nil
	case nameToken:
		if t.text == "true" || t.text == "false" {
			return &literal{truth(t.text == "true")}, nil
		}
		return p.ask(t.text)
	}
	return nil, fmt.Errorf("%s is not expected there", t)
}

func (p *exprParser) close() error {
	if _, ok := p.take(")"); !ok {
		return fmt.Errorf("there must be ) before %s", p.peek())
	}
	return nil
}

func (p *exprParser) ask(name string) (Expr, error) {
	known := facts()
	i := slices.IndexFunc(known, func(f fact) bool { return f.name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no fact %q%s", name, nearest(name, factNames()))
	}
	e := &asked{fact: &known[i]}
	if _, open := p.take("("); open {
		for {
			a, err := p.level(0)
			if err != nil {
				return nil, err
			}
			e.args = append(e.args, a)
			if _, more := p.take(","); !more {
				break
			}
		}
		if err := p.close(); err != nil {
			return nil, err
		}
	}
	if n := len(e.args); n < e.fact.least || n > len(e.fact.params) {
		return nil, fmt.Errorf("%s cannot have %d arguments: it is %s", name, n, e.fact.usage())
	}
	return e, nil
}

// nearest says which known word was probably meant.
func nearest(word string, known []string) string {
	if n := words.Nearest(word, known); n != "" {
		return ": do you mean " + n + "?"
	}
	return "; known are " + strings.Join(known, ", ")
}
