// Command heap breaks the rules: it allocates.
package main

var kept *int

func spin()

//go:noinline
func start(i int) {
	spin()
	kept = &i
}

func main() {}
