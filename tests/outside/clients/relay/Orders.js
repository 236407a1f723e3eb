// My orders, page by page; a new one is put before the others.
graphql`
  fragment Orders_query on Query
    @refetchable(queryName: "OrdersPageQuery")
    @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    myOrders(first: $count, after: $cursor) @connection(key: "Orders_myOrders") {
      edges { node { id orderNo status amount { formatted } } }
    }
  }
`;

graphql`
  query OrdersQuery {
    viewer { kind member { id } }
    ...Orders_query
  }
`;

graphql`
  mutation OrdersPlaceMutation($input: PlaceOrderInput!, $connections: [ID!]!) {
    placeOrder(input: $input) {
      order @prependNode(connections: $connections, edgeTypeName: "OrderEdge") { id orderNo status }
      userErrors { __typename code message ... on SoldOut { skuId remaining } }
    }
  }
`;
