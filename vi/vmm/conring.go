package main

// conring keeps what the console printed last, for sysctl. consoleLock guards
// it. Indices run freely. A microreboot forgets it.
var conring struct {
	prod, cons uint32
	buf        [conringSize]byte
}

const conringSize = 4096

// remember adds a byte that is being printed.
func remember(b byte) {
	conring.buf[conring.prod%conringSize] = b
	conring.prod++
}
