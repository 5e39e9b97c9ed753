import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

class WithHttpClient {
    public static void main(String[] none) throws Exception {
        var url = URI.create(System.getenv("SECTIGO_BASE_URL") + "/products/!autoRevokeCS");
        var request = HttpRequest.newBuilder(url).POST(HttpRequest.BodyPublishers.noBody()).build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}
