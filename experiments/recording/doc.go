// Package recording makes a stored run again into something that one can walk
// through: forwards, backwards, to any position, beside the golden run, and under
// other settings. It knows no screen and makes no sentences: what it finds are
// values, and replay, explain, causes, the terminal and the gdb stub say them in
// their own ways.
//
// lab.go rebuilds a campaign from a database; walk.go repeats one of its runs;
// track.go adds the way back; recording.go puts a run beside the golden one.
package recording
