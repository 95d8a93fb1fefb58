// Handles the hook greet: plugn passes the words after its name, and the plugin's settings in CONFIG_*.
package main

import (
	"fmt"
	"os"
)

func greeting(who, word string) string {
	return word + " " + who
}

func main() {
	who, word := "world", "Hello"
	if len(os.Args) > 1 {
		who = os.Args[1]
	}
	if set := os.Getenv("CONFIG_WORD"); set != "" {
		word = set
	}
	// Standard output is for programs, standard error for people; a status other than 0 fails the hook.
	fmt.Println(greeting(who, word))
}
