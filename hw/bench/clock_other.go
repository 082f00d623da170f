//go:build !linux

package bench

import "time"

// onThread runs f and returns how long it took.
func onThread(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}
