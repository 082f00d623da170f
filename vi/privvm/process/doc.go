// Package process is what the services of the control domain share: system calls, the
// devices of Xen as files, and text, for programs in ring 3 without a Go runtime.
package process
