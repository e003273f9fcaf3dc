// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// answering starts a server that prints each request and answers with the example of the document.
func answering(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.RequestURI)
		if body != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

func ExampleClient_GetFaultOperationList() {
	server := answering(200, "[{\"OperationId\":\"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01\",\"State\":\"RollingBack\",\"Type\":\"PartitionDataLoss\"},{\"OperationId\":\"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d02\",\"State\":\"Completed\",\"Type\":\"NodeTransition\"}]")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.GetFaultOperationList(context.Background(), generated.GetFaultOperationListParams{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// GET /Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535
	// 200
}

func ExampleClient_CancelOperation() {
	server := answering(200, "")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.CancelOperation(context.Background(), generated.CancelOperationParams{
		OperationID: uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
		Force:       false,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// POST /Faults/$/Cancel?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&Force=false
	// 200
}

func ExampleClient_GetNodeTransitionProgress() {
	server := answering(200, "{\"State\":\"Running\"}")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.GetNodeTransitionProgress(context.Background(), "_Node_0", generated.GetNodeTransitionProgressParams{
		OperationID: uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// GET /Faults/Nodes/_Node_0/$/GetTransitionProgress?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01
	// 200
}

func ExampleClient_StartNodeTransition() {
	server := answering(202, "")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.StartNodeTransition(context.Background(), "_Node_0", generated.StartNodeTransitionParams{
		OperationID:           uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
		NodeInstanceID:        "131366982707950527",
		NodeTransitionType:    "Stop",
		StopDurationInSeconds: 600,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// POST /Faults/Nodes/_Node_0/$/StartTransition/?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&NodeInstanceId=131366982707950527&NodeTransitionType=Stop&StopDurationInSeconds=600
	// 202
}

func ExampleClient_GetDataLossProgress() {
	server := answering(200, "{\"State\":\"Running\"}")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.GetDataLossProgress(context.Background(), "shop~orders", uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"), generated.GetDataLossProgressParams{
		OperationID: uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// GET /Faults/Services/shop~orders/$/GetPartitions/0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11/$/GetDataLossProgress?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01
	// 200
}

func ExampleClient_GetQuorumLossProgress() {
	server := answering(200, "{\"State\":\"Running\"}")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.GetQuorumLossProgress(context.Background(), "shop~orders", uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"), generated.GetQuorumLossProgressParams{
		OperationID: uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// GET /Faults/Services/shop~orders/$/GetPartitions/0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11/$/GetQuorumLossProgress?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01
	// 200
}

func ExampleClient_GetPartitionRestartProgress() {
	server := answering(200, "{\"State\":\"Running\"}")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.GetPartitionRestartProgress(context.Background(), "shop~orders", uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"), generated.GetPartitionRestartProgressParams{
		OperationID: uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// GET /Faults/Services/shop~orders/$/GetPartitions/0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11/$/GetRestartProgress?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01
	// 200
}

func ExampleClient_StartDataLoss() {
	server := answering(202, "")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.StartDataLoss(context.Background(), "shop~orders", uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"), generated.StartDataLossParams{
		OperationID:  uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
		DataLossMode: "PartialDataLoss",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// POST /Faults/Services/shop~orders/$/GetPartitions/0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11/$/StartDataLoss?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&DataLossMode=PartialDataLoss
	// 202
}

func ExampleClient_StartQuorumLoss() {
	server := answering(202, "")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.StartQuorumLoss(context.Background(), "shop~orders", uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"), generated.StartQuorumLossParams{
		OperationID:        uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
		QuorumLossMode:     "AllReplicas",
		QuorumLossDuration: 60,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// POST /Faults/Services/shop~orders/$/GetPartitions/0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11/$/StartQuorumLoss?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&QuorumLossMode=AllReplicas&QuorumLossDuration=60
	// 202
}

func ExampleClient_StartPartitionRestart() {
	server := answering(202, "")
	defer server.Close()
	client, err := generated.NewClient(server.URL, generated.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.StartPartitionRestart(context.Background(), "shop~orders", uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"), generated.StartPartitionRestartParams{
		OperationID:          uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"),
		RestartPartitionMode: "AllReplicasOrInstances",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status)
	// Output:
	// POST /Faults/Services/shop~orders/$/GetPartitions/0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11/$/StartRestart?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&RestartPartitionMode=AllReplicasOrInstances
	// 202
}
