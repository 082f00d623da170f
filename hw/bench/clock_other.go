//go:build !linux

package bench

import "time"

// Time runs f and returns how long it took.
func Time(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}
