// Drives a running emulator from Go: makes a sandbox and an order, and lets the order expire.
//
//	go run examples/go/drive.go
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"time"
)

const controlURL = "http://localhost:8081/control/v1"

// control sends a request to the control API and returns the body of its response.
func control(method, path, body string) string {
	request, err := http.NewRequest(method, controlURL+path, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	if response.StatusCode >= 300 {
		log.Fatal(string(text))
	}
	return string(text)
}

func main() {
	// The name is chosen here, so that no JSON needs to be parsed.
	name := fmt.Sprintf("go-%d", time.Now().UnixNano())
	sandbox := "/sandboxes/" + name
	control("POST", "/sandboxes", `{"name": "`+name+`", "ttl": "10m"}`)
	control("POST", sandbox+"/orders",
		`{"orderNumber": 7, "loginName": "login_name", "product": "code-signing", "state": "issued"}`)
	// Here your client would use "https://localhost:8443" + sandbox as its base URL.
	control("POST", sandbox+"/clock/advance", `{"by": "400d"}`)
	if order := control("GET", sandbox+"/orders/7", ""); !strings.Contains(order, `"expired"`) {
		log.Fatal(order)
	}
	control("DELETE", sandbox, "")
}
