package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	reply, err := http.Post(os.Getenv("SECTIGO_BASE_URL")+"/products/!autoRevokeCS", "application/x-www-form-urlencoded", nil)
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
