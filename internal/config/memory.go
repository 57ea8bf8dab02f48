package config

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage there may be beside what is in use. The caches of objects make up nearly all of the memory, and hardly change:
// collecting more often costs little time and saves half of their size.
const gcPercent = 40

// TuneMemory has garbage collected earlier than is usual, unless the environment variable GOGC says how.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
