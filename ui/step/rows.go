package step

// rows is a list with a cursor, of which a part is on the screen.
type rows struct {
	cursor int
}

// press moves the cursor among n rows; h are on the screen.
func (r rows) press(k key, n int) (rows, bool) {
	const page = 10
	switch k {
	case "Up", "k":
		r.cursor--
	case "Down", "j":
		r.cursor++
	case "PgUp":
		r.cursor -= page
	case "PgDn":
		r.cursor += page
	case "Home":
		r.cursor = 0
	case "End":
		r.cursor = n - 1
	default:
		return r, false
	}
	r.cursor = max(min(r.cursor, n-1), 0)
	return r, true
}

// window is the first row that is shown where h of n fit: the cursor is among them.
func (r rows) window(n, h int) int {
	cursor := max(min(r.cursor, n-1), 0)
	return max(min(cursor-h/2, n-h), 0)
}
