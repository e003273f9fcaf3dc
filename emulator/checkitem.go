package emulator

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
)

// CheckItem says what keeps an emulator from reading an item of its store: any call that needs the
// item fails until it is set right, or removed. It is nil for a sound item, and for one with a key
// that no emulator writes, which none reads.
func CheckItem(item store.Item) error {
	var err error
	switch {
	case strings.HasPrefix(item.Key, activePrefix), strings.HasPrefix(item.Key, historyPrefix):
		var s stored
		if s, err = decode(item); err == nil && s.Terminal() != strings.HasPrefix(item.Key, historyPrefix) {
			err = fmt.Errorf("record %s: it is of the other table", item.Key)
		}
		return err
	case strings.HasPrefix(item.Key, holderPrefix):
		_, err = uuid.ParseBytes(item.Value)
	case strings.HasPrefix(item.Key, nodesPrefix):
		var n Node
		if err = json.Unmarshal(item.Value, &n); err == nil && nodeKey(n.Name) != item.Key {
			err = fmt.Errorf("it is of the node %q", n.Name)
		}
	case item.Key == servicesKey:
		err = json.Unmarshal(item.Value, new([]Service))
	case item.Key == seedKey:
		err = json.Unmarshal(item.Value, new(planted))
	case item.Key == clockKey:
		_, err = readAnchor(item)
		return err
	}
	if err != nil {
		return fmt.Errorf("record %s: %w", item.Key, err)
	}
	return nil
}
