package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

func control(method, path, body string) string {
	request, err := http.NewRequest(method, "http://localhost:8081/control/v1"+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode >= 300 {
		panic(string(text))
	}
	return string(text)
}

func main() {
	name := fmt.Sprintf("go-%d", time.Now().UnixNano())
	sandbox := "/sandboxes/" + name
	control("POST", "/sandboxes", `{"name": "`+name+`", "ttl": "10m"}`)
	control("POST", sandbox+"/orders",
		`{"orderNumber": 7, "loginName": "login_name", "product": "code-signing", "state": "issued"}`)
	// ... let your client work at https://localhost:8443 + sandbox ...
	control("POST", sandbox+"/clock/advance", `{"by": "400d"}`)
	if order := control("GET", sandbox+"/orders/7", ""); !strings.Contains(order, `"expired"`) {
		panic(order)
	}
	control("DELETE", sandbox, "")
}
