// Package lesson reads, runs and checks lessons: text files that lead a student
// through one recorded run, stop by stop, with questions whose answers are found by
// executing that run. It knows no screen; the terminal and the command `lesson` show
// what it finds.
//
// parse.go reads a file, lex.go and expr.go the expressions in it, facts.go says what
// they can ask, find.go looks for the run, session.go walks through it, check.go holds
// text and recording together. docs/teaching.md says how lessons are written.
package lesson
