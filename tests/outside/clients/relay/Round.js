// A screen of a round: a fragment that refetches itself through node(id), its entries, and a pick.
graphql`
  fragment Round_entry on RoundEntry {
    id
    picks
    pickedByMe
    design { id version { title } }
  }
`;

graphql`
  fragment Round_round on Round @refetchable(queryName: "RoundRefetchQuery") {
    id
    title
    status
    entries { id ...Round_entry }
  }
`;

graphql`
  query RoundQuery($id: ID!) {
    node(id: $id) {
      id
      __typename
      ...Round_round
    }
  }
`;

graphql`
  mutation RoundPickMutation($input: PickDesignInput!) {
    pickDesign(input: $input) {
      entry { id ...Round_entry }
      userErrors { __typename code message ... on WindowClosed { at } }
    }
  }
`;
