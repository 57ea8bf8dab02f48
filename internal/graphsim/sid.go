package graphsim

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// securityIdentifier derives the SID of a cloud object from its id, as Entra does:
// S-1-12-1 and the four little-endian words of the GUID's memory layout.
func securityIdentifier(id string) any {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 {
		return nil
	}
	second := uint32(binary.BigEndian.Uint16(b[6:8]))<<16 | uint32(binary.BigEndian.Uint16(b[4:6]))
	return fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", binary.BigEndian.Uint32(b[:4]), second,
		binary.LittleEndian.Uint32(b[8:12]), binary.LittleEndian.Uint32(b[12:]))
}
