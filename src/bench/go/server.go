// Waits for the departure of each client, and says when it was told of it: what Go's own library does.
package main

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		fmt.Println("taken")
		<-in.Context().Done()
		fmt.Println(time.Now().UnixNano())
	})))
}
